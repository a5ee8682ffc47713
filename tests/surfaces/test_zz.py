import time
from surfaces.conftest import Door
from surfaces.everything import everything
def test_it(door: Door) -> None:
    t=time.time()
    all_ = everything(door)
    print(all_.secrets, sorted(all_.world.items()), time.time()-t)
    assert 0
